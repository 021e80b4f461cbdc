// Job after job, for `gearmang work --exec-persistent 'node worker.js code.js'` (docs/persistent-commands.md).
// What this prints goes to the worker's log; answers go to descriptor 3.
const fs = require('fs');
const path = require('path');
// async (data, job, tell) => result
const handle = process.argv[2] ? require(path.resolve(process.argv[2])) : async (data) => data;
function answer(kind, body = '') {
  body = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length + 1);
  head.write(kind, 4);
  for (let left = Buffer.concat([head, body]); left.length;) left = left.subarray(fs.writeSync(3, left));
}
async function* frames() {
  let buffer = Buffer.alloc(0);
  for await (const data of process.stdin) {
    buffer = buffer.length ? Buffer.concat([buffer, data]) : data;
    for (let end; buffer.length >= 4 && buffer.length >= (end = 4 + buffer.readUInt32BE()); buffer = buffer.subarray(end)) {
      yield buffer.subarray(4, end);
    }
  }
}
(async () => {
  answer('R');
  let job;
  for await (const frame of frames()) {
    if (!job) { job = JSON.parse(frame); continue; }
    try {
      answer('D', await handle(frame, job, (told) => answer('T', JSON.stringify(told))));
    } catch (error) {
      answer('F', `${error.name}: ${error.message}`);
    }
    job = undefined;
  }
})();

// Asks for a job of `act` and tells what it hears: node call.js PORT plain|exceptions PAYLOAD
const gearmanode = require('gearmanode');
const [port, mode, payload] = process.argv.slice(2);
const client = gearmanode.client({ host: '127.0.0.1', port: Number(port) });
const end = (line) => { console.log(line); client.close(); };
const ask = () => {
  const job = client.submitJob('act', payload);
  job.on('exception', (text) => console.log('text: ' + text));
  job.on('warning', (text) => console.log('text: ' + text));
  job.on('failed', () => end('failed'));
  job.on('complete', () => end('done: ' + job.response));
  job.on('error', (error) => end('error: ' + error));
};
if (mode === 'exceptions') client.jobServers[0].setOption('exceptions');
ask();

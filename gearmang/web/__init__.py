"""``gearmang serve``: the pipeline in a browser, its figures for Prometheus, a door for KEDA."""

"""Records of workers that are not gearmang's: pygearman's, Celery's, RQ's."""

"""Where the logs and the sessions are kept: Redis, or fakeredis in this process."""

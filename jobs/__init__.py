"""What happens by itself at set times: thin functions over services, each once per due time over all workers."""

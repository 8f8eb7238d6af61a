"""The memory of allocators, of devices and of the process."""

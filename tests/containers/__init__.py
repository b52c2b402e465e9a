"""A package, so that its stack can be of the package and need not run beside the local one."""

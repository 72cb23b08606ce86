"""A `ssh` target: release directories on hosts, reached over SSH, each under a guard that the host keeps."""

# Unikernels: a line each. `make run GUEST=hello` boots one on the bare machine.
program.hello := guests/hello/hello.c

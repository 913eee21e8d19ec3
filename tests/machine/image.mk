# Tests that run in S-mode on the bare machine, and the kit that they run in.
component.kit := tests/kit/kit.c tests/kit/semihost.c tests/kit/target_main.c
component.machine_tests := $(sort $(wildcard tests/machine/*.c))
image.test-machine := $(RUNTIME) kit machine_tests

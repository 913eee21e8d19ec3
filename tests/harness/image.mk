# Images that fail in a way of their own, to see that the runner calls each by its name.
component.harness_fail := tests/harness/fail.c
component.harness_hang := tests/harness/hang.c
component.harness_panic := tests/harness/panic.c
image.harness-fail := $(RUNTIME) kit harness_fail
image.harness-hang := $(RUNTIME) kit harness_hang
image.harness-panic := $(RUNTIME) kit harness_panic

# The hypervisor.
component.hyp := hyp/main.c hyp/report.c
image.hartwood := $(RUNTIME) hyp

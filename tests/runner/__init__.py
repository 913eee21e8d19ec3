# SPDX-License-Identifier: BSD-2-Clause
"""What tests/run is made of; docs/testing.md tells how to use it."""

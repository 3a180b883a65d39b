"""All that it takes to hold the port to the vectors and behaviours."""

from momoracle.ports.pytest_plugin import conformance_suite

test_sgd = conformance_suite("sgd", "my_package.sgd:Port", known_failures="known_failures.txt")

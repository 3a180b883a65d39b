"""What tests share and no test is: independent implementations, wrong ports, and readers of the tree."""

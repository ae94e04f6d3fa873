"""What several kinds of tests share: real gateways, real kernels, deadlines."""

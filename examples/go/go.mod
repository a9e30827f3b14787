module downlink.example/examples

go 1.19

module downlink/bench/go-channel

go 1.18

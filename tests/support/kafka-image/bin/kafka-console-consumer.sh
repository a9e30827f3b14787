#!/bin/bash
#  As the official image has it.
#  SPDX-License-Identifier: Apache-2.0
exec java -Xmx128m -cp '/opt/kafka/libs/*' org.apache.kafka.tools.consumer.ConsoleConsumer "$@"

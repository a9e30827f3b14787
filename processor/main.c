//  downlink-processor: read the flags, start, run until a signal, end.
//  SPDX-License-Identifier: Apache-2.0
#include "common/service/service.h"
#include "processor/processor.h"
#include "processor/processor_options.h"

int
main (int argc, char **argv)
{
    processor_config_t config;
    const service_t *service = processor_options_read (&config, argc, argv);
    service_signals_t signals;
    if (!service_start (service, &signals))
        return 1;
    processor_t *processor = processor_new (&config, &signals);
    bool is_good = processor && processor_run (processor);
    processor_destroy (&processor);
    return service_end (&signals, is_good);
}

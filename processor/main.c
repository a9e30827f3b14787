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
    int stop_fd = service_start (service);
    if (stop_fd < 0)
        return 1;
    processor_t *processor = processor_new (&config, stop_fd);
    bool is_good = processor && processor_run (processor);
    processor_destroy (&processor);
    return service_end (stop_fd, is_good);
}

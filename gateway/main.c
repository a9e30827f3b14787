//  downlink-gateway: read the flags, start, run until a signal, end.
//  SPDX-License-Identifier: Apache-2.0
#include "common/service/service.h"
#include "gateway/gateway.h"
#include "gateway/gateway_options.h"

int
main (int argc, char **argv)
{
    gateway_config_t config;
    const service_t *service = gateway_options_read (&config, argc, argv);
    service_signals_t signals;
    if (!service_start (service, &signals))
        return 1;
    bool is_good = gateway_run (&config, &signals) == 0;
    return service_end (&signals, is_good);
}

//  The files that cmake/Embed.cmake puts into the program, so that the program needs no files
//  beside it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_EMBEDDED_H
#define DOWNLINK_EMBEDDED_H

#include "common/text/text.h"

text_t embedded_openapi (void);  //  gateway/pages/openapi.json

//  gateway/pages/dashboard/, and the charts' library as Debian packages it.
text_t embedded_dashboard_page (void);
text_t embedded_dashboard_style (void);
text_t embedded_dashboard_app (void);
text_t embedded_dashboard_api (void);
text_t embedded_dashboard_hub (void);
text_t embedded_dashboard_shared (void);
text_t embedded_dashboard_link (void);
text_t embedded_dashboard_health (void);
text_t embedded_dashboard_status (void);
text_t embedded_dashboard_history (void);
text_t embedded_dashboard_pipeline (void);
text_t embedded_dashboard_rockets (void);
text_t embedded_dashboard_rocket (void);
text_t embedded_dashboard_first (void);
text_t embedded_dashboard_session (void);
text_t embedded_dashboard_cards (void);
text_t embedded_dashboard_charts (void);
text_t embedded_dashboard_text (void);
text_t embedded_dashboard_library (void);

//  gateway/pages/sign-in/.
text_t embedded_sign_in_page (void);
text_t embedded_sign_in_style (void);
text_t embedded_sign_in_script (void);

#endif

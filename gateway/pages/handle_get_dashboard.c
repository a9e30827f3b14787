//  GET /: the dashboard, a page with its files, all built into the program.
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>

#include "gateway/pages/handle_pages.h"
#include "gateway/pages/page_file.h"

#define HTML "text/html; charset=utf-8"
#define CSS "text/css; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"

static const page_file_t s_files[] = {
    {"/", HTML, embedded_dashboard_page},
    {"/dashboard/style.css", CSS, embedded_dashboard_style},
    {"/dashboard/app.js", SCRIPT, embedded_dashboard_app},
    {"/dashboard/api.js", SCRIPT, embedded_dashboard_api},
    {"/dashboard/hub.js", SCRIPT, embedded_dashboard_hub},
    {"/dashboard/shared.js", SCRIPT, embedded_dashboard_shared},
    {"/dashboard/link.js", SCRIPT, embedded_dashboard_link},
    {"/dashboard/health.js", SCRIPT, embedded_dashboard_health},
    {"/dashboard/status.js", SCRIPT, embedded_dashboard_status},
    {"/dashboard/history.js", SCRIPT, embedded_dashboard_history},
    {"/dashboard/pipeline.js", SCRIPT, embedded_dashboard_pipeline},
    {"/dashboard/rockets.js", SCRIPT, embedded_dashboard_rockets},
    {"/dashboard/rocket.js", SCRIPT, embedded_dashboard_rocket},
    {"/dashboard/first.js", SCRIPT, embedded_dashboard_first},
    {"/dashboard/session.js", SCRIPT, embedded_dashboard_session},
    {"/dashboard/cards.js", SCRIPT, embedded_dashboard_cards},
    {"/dashboard/charts.js", SCRIPT, embedded_dashboard_charts},
    {"/dashboard/text.js", SCRIPT, embedded_dashboard_text},
    {"/dashboard/chart.min.js", SCRIPT, embedded_dashboard_library},
};

static const page_file_t *
s_find (const char *path)
{
    return page_file_find (s_files, G_N_ELEMENTS (s_files), path);
}

bool
handle_is_dashboard (const char *path)
{
    return s_find (path) != NULL;
}

void
handle_get_dashboard (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    (void) parts;
    page_file_answer (request, s_find (target->path));
}

//  Line charts in the page's colours, drawn by Chart.js.
//  SPDX-License-Identifier: Apache-2.0
import {duration, number} from "./text.js";

const Chart = window.Chart;
const charts = new Set ();
const STEPS_SECONDS = [15, 30, 60, 300, 900];

function colour (name) {
    return getComputedStyle (document.documentElement).getPropertyValue (name).trim ();
}

function paint (chart) {
    chart.data.datasets.forEach ((set) => {
        set.borderColor = colour (set.colour);
        set.backgroundColor = colour (set.colour) + "1f";
    });
    for (const scale of Object.values (chart.options.scales)) {
        scale.grid.color = colour ("--line");
        scale.ticks.color = colour ("--quiet");
    }
}

function options (seconds, small) {
    const ticks = {font: {size: 10}, maxRotation: 0, autoSkipPadding: 16};
    return {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        events: ["mousemove", "mouseout", "touchstart"],
        interaction: {mode: "nearest", axis: "x", intersect: false},
        elements: {
            point: {radius: 0, hitRadius: 6},
            line: {borderWidth: 1.6, borderJoinStyle: "round"},
        },
        plugins: {
            legend: {display: false},
            tooltip: {
                displayColors: false,
                callbacks: {
                    title: ([item]) => duration (-item.parsed.x) + " ago",
                    label: (item) => item.dataset.label + " " + number (item.parsed.y),
                },
            },
        },
        scales: {
            x: {
                type: "linear",
                min: -seconds,
                max: 0,
                grid: {display: false, drawBorder: false},
                ticks: {...ticks, display: !small,
                    callback: (value) => value ? duration (-value) : "now"},
            },
            y: {
                beginAtZero: true,
                suggestedMax: 1,
                grid: {drawBorder: false},
                ticks: {...ticks, maxTicksLimit: small ? 3 : 4, precision: 0, callback: number},
            },
        },
    };
}

//  Make a chart of the last seconds. series: [{label, colour}], the colour is a variable of
//  style.css. show () takes the points of each series in order of time: {x: seconds, 0 is now, y}.
export function lineChart (canvas, seconds, series, {small = false, stepped = false} = {}) {
    const chart = new Chart (canvas, {
        type: "line",
        data: {datasets: series.map ((one) => ({...one, data: [], fill: true, stepped,
            parsing: false, normalized: true}))},
        options: options (seconds, small),
    });
    charts.add (chart);
    paint (chart);
    return {
        //  shown: the seconds to show.
        show (lines, shown = seconds) {
            chart.options.scales.x.min = -shown;
            chart.options.scales.x.ticks.stepSize =
                STEPS_SECONDS.find ((step) => step >= shown / 5) ?? shown / 4;
            lines.forEach ((line, index) => { chart.data.datasets[index].data = line; });
            chart.update ("none");
        },
    };
}

Chart.defaults.font.family = "system-ui, sans-serif";
window.matchMedia ("(prefers-color-scheme: dark)").addEventListener ("change", () => {
    for (const chart of charts) {
        paint (chart);
        chart.update ("none");
    }
});

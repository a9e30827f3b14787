//  On a phone the cards at the top scroll sideways: dots tell so, and which one is shown.
//  SPDX-License-Identifier: Apache-2.0
import {element} from "./text.js";

export function followCards () {
    const tiles = document.querySelector (".tiles");
    const cards = [...tiles.querySelectorAll (".tile")];
    const dots = cards.map (() => element ("i"));
    document.getElementById ("dots").replaceChildren (...dots);
    const mark = () => {
        const share = tiles.scrollLeft / Math.max (1, tiles.scrollWidth - tiles.clientWidth);
        const shown = Math.round (share * (cards.length - 1));
        dots.forEach ((dot, index) => dot.classList.toggle ("on", index === shown));
    };
    tiles.addEventListener ("scroll", mark, {passive: true});
    mark ();
}

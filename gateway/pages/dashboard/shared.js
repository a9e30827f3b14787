//  The hub of all tabs, as a SharedWorker.
//  SPDX-License-Identifier: Apache-2.0
import {Hub} from "./hub.js";

const hub = new Hub ();
self.onconnect = (event) => hub.join (event.ports[0]);

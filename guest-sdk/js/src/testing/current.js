//! Which simulated call the host's functions belong to.

/** @type {any} */
let simulated;

/** The functions of one interface of the call that is simulated. @param {string} name */
export function host(name) {
  if (!simulated) throw new Error("no call is simulated: host functions belong into a handler, see `switchhook-guest/testing`");
  return simulated.interfaces[name];
}

/** @param {any} call */
export function simulate(call) {
  if (call && simulated) throw new Error("one call is simulated at a time: await the other");
  simulated = call;
}

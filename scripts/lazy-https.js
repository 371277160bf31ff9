// In place of the SDK's `node-https.js`: Node's https and tls take a twentieth of a short command to load, and plain HTTP, which the
// sandbox and other local endpoints speak, needs neither.
const https = () => process.getBuiltinModule('node:https');

/** Becomes Node's own agent with the first request. */
class Agent {
  #options;
  #made;
  constructor(options) {
    this.#options = options;
  }
  get made() {
    return (this.#made ??= new (https().Agent)(this.#options));
  }
  // What the SDK looks at when it warns of too many sockets in use.
  get sockets() {
    return this.made.sockets;
  }
  get requests() {
    return this.made.requests;
  }
  get maxSockets() {
    return this.made.maxSockets;
  }
  destroy() {
    this.#made?.destroy();
  }
}

export const node_https = {
  Agent,
  request: ({ agent, ...options }, listener) =>
    https().request({ ...options, agent: agent instanceof Agent ? agent.made : agent }, listener),
};

/** When a timer is later than this, it was this process that slept: what agents said waits in the sockets. Milliseconds. */
export const stallMs = 400;

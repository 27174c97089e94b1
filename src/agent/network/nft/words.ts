/** What others say of devices and containers does not become rules unread. */

const mac = /^([\da-f]{2}:){5}[\da-f]{2}$/;
const device = /^[a-z][a-z\d._-]{0,14}$/i;

export const isMac = (text: string): boolean => mac.test(text);
export const isDevice = (text: string): boolean => device.test(text);

/** Of a device, as a part of a chain's name. */
export const inChainName = (name: string): string => name.replaceAll(/[.-]/g, '_');

/** A dotted IPv4 address as a number; undefined for anything else. */
const parseAddress = (text: string): number | undefined => {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
};

/** Tests addresses against an IPv4 address or network (`10.0.0.0/8`), or any other address as text. */
export const addressTest = (wanted: string): ((address: string) => boolean) => {
  const [base = '', length] = wanted.split('/');
  const network = parseAddress(base);
  const bits = length === undefined ? 32 : Number(length);
  if (network === undefined || !Number.isInteger(bits) || bits < 0 || bits > 32) {
    return (address) => address.toLowerCase() === wanted.toLowerCase();
  }
  const size = 2 ** (32 - bits);
  const block = Math.floor(network / size);
  return (address) => {
    const value = parseAddress(address);
    return value !== undefined && Math.floor(value / size) === block;
  };
};

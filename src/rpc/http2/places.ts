/** A bounded number of places, altogether and per address, so that one address cannot take them all. */
export interface Places {
  /** Takes a place; call what it gives to free it, once or more. Undefined: there is none. */
  take(address: string): (() => void) | undefined;
}

export const createPlaces = (limits: { readonly all: number; readonly perAddress: number }): Places => {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    take: (address) => {
      const ofAddress = taken.get(address) ?? 0;
      if (all >= limits.all || ofAddress >= limits.perAddress) return undefined;
      all += 1;
      taken.set(address, ofAddress + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        all -= 1;
        const left = (taken.get(address) ?? 1) - 1;
        if (left === 0) taken.delete(address);
        else taken.set(address, left);
      };
    },
  };
};

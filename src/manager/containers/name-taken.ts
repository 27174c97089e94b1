import { TuttiError } from '../../model/errors.ts';

/** In Docker's words, which clients match on. */
export const nameTaken = (name: string, holder: string): TuttiError =>
  new TuttiError(
    'already-exists',
    `Conflict. The container name "/${name}" is already in use by container "${holder}". ` +
      'You have to remove (or rename) that container to be able to reuse that name.',
  );

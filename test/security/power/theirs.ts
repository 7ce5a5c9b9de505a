import { type Right, WANTS, type Want } from './rights.ts';

/** What is theirs anyway: no control of this project could keep it from them, or none does. */
export interface Theirs {
  readonly rights: readonly Right[];
  readonly gives: readonly Want[];
  readonly because: string;
}

/** All else is prevented. A cell of the matrix has what its rights, alone or together, have here. */
export const THEIRS: readonly Theirs[] = [
  {
    rights: ['write'],
    gives: ['outage'],
    because: 'Who may write the value can write one that does not log in: applications read it.',
  },
  {
    rights: ['read'],
    gives: ['user'],
    because: 'Who may read the value can log in with it.',
  },
  {
    rights: ['deploy'],
    gives: WANTS,
    because: 'Who may deploy the functions has all that these may do.',
  },
  {
    rights: ['write', 'read'],
    gives: ['host'],
    because:
      'Who may read the password and write the host can send it anywhere, and could without this project.',
  },
  {
    rights: ['write', 'tag'],
    gives: ['user', 'pair', 'roles', 'admin', 'harm'],
    because:
      'Who may tag the secret says which versions count as proven, and that it is for a pair: a value that they wrote themselves counts then, for the secret’s user and for `…_clone`, which gets that user’s roles: an admin’s, if the secret is one’s.',
  },
  {
    rights: ['write', 'recover'],
    gives: ['user'],
    because:
      'A reset sets the password that AWSCURRENT says, of the user that the deployment named; a connection string beside it, for any host, gets each later one. It does so only where no version logs in that is on record as proven: in practice, before the first rotation.',
  },
  {
    rights: ['tag'],
    gives: ['harm'],
    because:
      'Who may tag the secret says that a `…_clone` of someone else is the other half of its pair: the next rotation changes that user.',
  },
  {
    rights: ['read', 'tag'],
    gives: ['pair'],
    because: 'The new password of such a user is in the secret then, for who may read it.',
  },
];

export const theirsOf = (cell: readonly Right[]): readonly Theirs[] =>
  THEIRS.filter(({ rights }) => rights.every((right) => cell.includes(right)));

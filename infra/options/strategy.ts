import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Strategy as StrategyName } from '../../functions/contract/strategy.ts';
import { assertSecret } from './assert-secret.ts';

/** Options of {@link Strategy.singleUser}. */
export interface SingleUserOptions {
  /**
   * The secret of a user that may change this one's password. In DocumentDB no built-in role below
   * `userAdminAnyDatabase`, `restore` and `root` may change any password, its own included.
   *
   * @default - the user changes its own password, or the secret's tag `docdb-rotation:admin-secret` names the secret of one who may
   */
  readonly adminSecret?: ISecret;
}

/** How a secret's credential is replaced. */
export class Strategy {
  /** The user's password is changed in place. Between that and the promotion, logins with the old one fail. */
  static singleUser(options: SingleUserOptions = {}): Strategy {
    if ('adminSecret' in options) assertSecret(options.adminSecret, 'Strategy.singleUser({ adminSecret })');
    return new Strategy('single-user', options.adminSecret);
  }

  /** Two users take turns, `app` and `app_clone`, made and kept by the admin. No login ever fails. */
  static alternatingUsers(adminSecret: ISecret): Strategy {
    assertSecret(adminSecret, 'Strategy.alternatingUsers()');
    return new Strategy('alternating-users', adminSecret);
  }

  /** Two admins take turns, `admin` and `admin_clone`, by their own power. No login ever fails. */
  static adminClone(): Strategy {
    return new Strategy('admin-clone');
  }

  /** The value of the secret's tag `docdb-rotation:strategy`. */
  readonly name: StrategyName;
  /** Whose power is used, if not the user's own. */
  readonly adminSecret: ISecret | undefined;

  private constructor(name: StrategyName, adminSecret?: ISecret) {
    this.name = name;
    this.adminSecret = adminSecret;
  }
}

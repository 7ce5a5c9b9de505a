/**
 * In place of the driver's index, which also loads file storage, bulk writes and key management: what the functions import of it. For
 * more than this the build ends with an error that names it.
 */
export {
  MongoCompatibilityError,
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb/lib/error.js';
export { MongoClient } from 'mongodb/lib/mongo_client.js';

/*
 * A process that several files share may load the driver for the first of them; its bounds are kept only by a driver that is loaded
 * after them.
 */
import '../../functions/database/driver-bounds.ts';

export { ask, RefusedError, type Server } from "./api.js";
export { followInspection, type Followed, type FollowOptions } from "./follow.js";
export type * from "./generated.js";

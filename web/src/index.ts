export * from "./core/index.js";
export {
  Api,
  ApiError,
  type ApiOptions,
  type Encoding,
  type Probe,
  type StreamOptions,
  type TrackInfo,
} from "./services/api.js";

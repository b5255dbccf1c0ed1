/// The names of those that objects of the registry belong to; manifests have names of their own.
package enum Feeder {
    /// Whoever writes through the API.
    package static let api = "api"
    /// The controllers; what they have made is taken over by whoever declares it.
    package static let controllers = "controllers"
}

import Registry

/// The rules that documents must keep, with the paths, reasons and texts of Kubernetes' API server.
///
/// Called with documents that have their defaults and have been prepared. What the typed objects of `Registry` can
/// tell is said there; here stand the rules between a document and the stored one, and those of fields that service
/// discovery does not read. Whether the addresses of a Service can be had is the allocator's to say.
package enum ObjectValidation {
    /// Every rule that a new document breaks; empty for a sound one.
    package static func validateCreate(_ document: JSONValue, kind: ObjectKind) -> [FieldViolation] {
        do throws(InvalidObject) {
            let object = try RegistryObject(document, kind: kind)
            return merged(
                object.validate()
                    + MetadataRules.validate(document["metadata"] ?? .null, kind: kind)
                    + validateContent(document, kind: kind)
                    + (kind == .pod ? PodRules.validateCreate(document["spec"] ?? .null) : []))
        } catch {
            return error.violations
        }
    }

    /// Every rule that a document breaks which is to replace `stored`; empty for a sound one.
    package static func validateUpdate(
        _ new: JSONValue, stored: JSONValue, kind: ObjectKind
    ) -> [FieldViolation] {
        do throws(InvalidObject) {
            let object = try RegistryObject(new, kind: kind)
            // The allocator asks these again when it has filled in what the update inherits.
            var ofObject = object.validate(checksName: false).filter {
                kind != .service || !ServiceRules.isAllocators($0.path)
            }
            if !ofObject.isEmpty, let spared = object.sparing(addressesOf: stored) {
                ofObject = spared.validate(checksName: false)
            }
            return merged(
                validateMetadataUpdate(new, stored: stored, kind: kind)
                    + validateAddressChange(of: object, stored: stored) + ofObject
                    + validateContent(new, kind: kind) + validateChange(new, stored: stored, kind: kind))
        } catch {
            return error.violations
        }
    }

    /// Every rule that a write of `/status` breaks; empty for a sound one.
    package static func validateStatusUpdate(
        _ new: JSONValue, stored: JSONValue, kind: ObjectKind
    ) -> [FieldViolation] {
        do throws(InvalidObject) {
            let object = try RegistryObject(new, kind: kind)
            return merged(
                validateMetadataUpdate(new, stored: stored, kind: kind)
                    + object.metadata.validate(as: kind, checksName: false)
                    + validateStatus(new, stored: stored, kind: kind))
        } catch {
            return error.violations
        }
    }

    private static func validateMetadataUpdate(
        _ new: JSONValue, stored: JSONValue, kind: ObjectKind
    ) -> [FieldViolation] {
        let metadata = new["metadata"] ?? .null
        return MetadataRules.validateUpdate(metadata, stored: stored["metadata"] ?? .null)
            + MetadataRules.validate(metadata, kind: kind)
    }

    /// The rules of a kind on fields that its typed form leaves out.
    private static func validateContent(_ document: JSONValue, kind: ObjectKind) -> [FieldViolation] {
        let spec = document["spec"] ?? .null
        return switch kind {
        case .namespace: MetadataRules.validateFinalizers(spec.texts("finalizers"), at: "spec.finalizers")
        case .service: ServiceRules.validate(spec)
        case .endpointSlice: EndpointSliceRules.validate(document)
        case .pod: PodRules.validate(spec)
        case .node: NodeRules.validate(document)
        case .event: EventRules.validate(document)
        case .ipAddress: NetworkRules.validateParent(of: spec)
        case .serviceCIDR: NetworkRules.validateNetworks(spec)
        case .lease: LeaseRules.validate(spec)
        case .endpoints: []
        }
    }

    /// The rules of a kind on what may change.
    private static func validateChange(
        _ new: JSONValue, stored: JSONValue, kind: ObjectKind
    ) -> [FieldViolation] {
        let spec = new["spec"] ?? .null
        let former = stored["spec"] ?? .null
        return switch kind {
        case .service: ServiceRules.validateUpdate(spec, stored: former)
        case .endpointSlice:
            new["addressType"] == stored["addressType"]
                ? [] : [.immutable("addressType", value: new["addressType"])]
        case .pod: PodUpdateRules.validate(spec, stored: former)
        case .node: NodeRules.validateUpdate(spec, stored: former)
        case .ipAddress: NetworkRules.validateParentUpdate(spec, stored: former)
        case .serviceCIDR: NetworkRules.validateNetworksUpdate(spec, stored: former)
        case .namespace, .endpoints, .event, .lease: []
        }
    }

    /// The addresses of a Service are the allocator's, which is not asked about an update that breaks other rules: this
    /// rule is said together with those.
    private static func validateAddressChange(of object: RegistryObject, stored: JSONValue) -> [FieldViolation] {
        guard case .service(var service) = object,
            case .service(let former)? = try? RegistryObject(stored, kind: .service)
        else { return [] }
        service.inheritAddresses(from: former)
        return service.validateAddressChange(from: former)
    }

    private static func validateStatus(
        _ new: JSONValue, stored: JSONValue, kind: ObjectKind
    ) -> [FieldViolation] {
        switch kind {
        case .namespace: NamespaceRules.validateStatus(new)
        case .service: ServiceRules.validateStatus(new)
        case .pod: PodStatusRules.validate(new, stored: stored)
        case .node: NodeRules.validateStatus(new["status"] ?? .null)
        case .endpointSlice, .endpoints, .event, .ipAddress, .serviceCIDR, .lease: []
        }
    }

    /// The violations in their order, none said twice.
    private static func merged(_ violations: [FieldViolation]) -> [FieldViolation] {
        var seen: Set<FieldViolation> = []
        return violations.filter { seen.insert($0).inserted }
    }
}

/// The records of a service and of all names below its own, without a name or a record being spelled out that follows
/// from what else is here.
///
/// Endpoints are hosts with one address each, whose names are a label below the service's.
package struct ServiceRecords: Hashable, Sendable {
    /// Lower-cased, at most `maximumOwnerLength` bytes.
    package var owner: DomainName
    /// Seconds, of all records.
    package var ttl: UInt32
    package var visibility = Visibility.all
    package var answers: Answers
    /// The names below that do not stand for a single endpoint, or for more than a single address.
    package var children: [Child] = []
    package var endpoints = EndpointRecords()

    /// With any label below it such an owner is still a legal name.
    package static let maximumOwnerLength = 255 - 64

    package init(owner: DomainName, ttl: UInt32, answers: Answers) {
        self.owner = owner
        self.ttl = ttl
        self.answers = answers
    }

    /// Which of the names exist.
    package enum Visibility: UInt8, Hashable, Sendable {
        case all
        /// The service's own; addresses lead to names of endpoints all the same.
        case ownerOnly
        case hidden
    }

    /// What the service's own name answers.
    package enum Answers: Hashable, Sendable {
        case records([TypedAnswer])
        /// Its addresses, at most two of a family, and a SRV record for each port that leads to the service itself.
        case addresses(ServiceAddresses, ServicePorts)
        /// The addresses of all endpoints, and a SRV record for each endpoint and port of this weight. All endpoints
        /// have the one set of ports, other labels and other addresses.
        case endpoints(weight: UInt16)
    }

    /// A name of one or two labels below the service's.
    package struct Child: Hashable, Sendable {
        /// The labels in wire form, lower-cased, without what stands above them.
        package var labels: [UInt8]
        package var content: Content

        package init(labels: [UInt8], _ content: Content) {
            self.labels = labels
            self.content = content
        }
    }

    package enum Content: Hashable, Sendable {
        /// An empty non-terminal.
        case empty
        /// The same records as the service's own name has, which are those of its endpoints.
        case alike
        /// The service's addresses, and SRV records for these ports that lead to it.
        case services(ServicePorts)
        case records([TypedAnswer])
    }

    /// The most bytes of answers that are copied, as they are asked for, for a name with the same records.
    package static let maximumCopiedBytes = 6000
    /// The most ports that SRV records are made of as they are asked for.
    package static let maximumPorts = 8
}

/// Addresses of one name, at most two of a family.
package struct ServiceAddresses: Hashable, Sendable {
    package var v4: [UInt32] = []
    package var v6: [UInt128] = []
    /// The order among additional records.
    package var isIPv6First = false

    package init() {}
}

/// The ports of SRV records, all of one weight; no number comes twice.
package struct ServicePorts: Hashable, Sendable {
    package var weight: UInt16
    package var numbers: [UInt16]

    package init(weight: UInt16, numbers: [UInt16]) {
        self.weight = weight
        self.numbers = numbers
    }
}

/// Endpoints in the order of their addresses, IPv4 before IPv6, packed into few arrays.
package struct EndpointRecords: Hashable, Sendable {
    /// Ascending.
    package var v4: [UInt32] = []
    /// Ascending.
    package var v6: [UInt128] = []
    /// Where the label of each endpoint stands in `labels`, plus one; 0 for the dashed form of its IPv4 address.
    /// Empty where all are 0.
    package var labelOffsets: [UInt32] = []
    /// Labels, each behind a byte with its length.
    package var labels: [UInt8] = []
    /// At most `unnamed` sets of ports that endpoints have, each of at most `ServiceRecords.maximumPorts`.
    package var portSets: [ServicePorts] = []
    /// The index of each endpoint's set in `portSets`. Empty where all are 0.
    package var portSetIndices: [UInt8] = []

    /// In place of an index: the endpoint's name is not answered from here, but its address leads to the name.
    package static let unnamed: UInt8 = 255

    package init() {}

    package var count: Int { v4.count + v6.count }
    package var isEmpty: Bool { v4.isEmpty && v6.isEmpty }
}

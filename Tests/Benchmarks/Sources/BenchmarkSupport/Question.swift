/// One question and what a correct server says to it.
package struct Question: Equatable {
    package enum Expectation: Equatable {
        case address(IPv4Address)
        case noData
        case serviceRecord
        case nameError
    }

    package let name: String
    package let type: RecordType
    package let expectation: Expectation

    package init(name: String, type: RecordType, expectation: Expectation) {
        self.name = name
        self.type = type
        self.expectation = expectation
    }
}

extension RegistryReader.Addressing {
    /// Nothing at all: for those who fill it from another registry than one on disk.
    package static var empty: Self { Self() }
}

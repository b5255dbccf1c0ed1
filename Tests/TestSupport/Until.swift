/// Waits until something is so, or the test's time is over: it is looked at now and then, as what changes it cannot tell.
///
/// Others have the threads meanwhile: who yields in a loop takes one for himself.
package func until(isolation: isolated (any Actor)? = #isolation, _ isMet: () -> Bool) async {
    while !isMet(), (try? await Task.sleep(for: .milliseconds(1))) != nil {}
}

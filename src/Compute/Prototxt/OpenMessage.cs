using CaffeActors.Compute.Diagnostics;
using Google.Protobuf.Reflection;

namespace CaffeActors.Compute.Prototxt;

/// <summary>A message whose fields are being read.</summary>
/// <param name="Descriptor">Its type.</param>
/// <param name="Place">Where it begins.</param>
internal readonly record struct OpenMessage(MessageDescriptor Descriptor, SourcePlace Place);

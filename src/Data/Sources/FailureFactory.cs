using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Sources;

/// <summary>Makes a failure that names who is at work: the layer, or the data base.</summary>
/// <param name="code">One of <see cref="ErrorCodes"/>.</param>
/// <param name="message">What is wrong.</param>
/// <param name="kind">Decides the exit code.</param>
/// <param name="batchItem">Which item of the batch is at fault, or -1.</param>
public delegate CaffeException FailureFactory(
    string code, string message, FailureKind kind = FailureKind.Configuration, int batchItem = -1);

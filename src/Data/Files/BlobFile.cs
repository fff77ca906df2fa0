using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using Google.Protobuf;

namespace CaffeActors.Data.Files;

/// <summary>Files that hold one blob: a binary BlobProto, as mean images and infogain matrices are.</summary>
internal static class BlobFile
{
    /// <summary>Reads a blob's values.</summary>
    /// <param name="what">What the file is to the net, for errors: <c>infogain matrix</c>.</param>
    /// <param name="path">The file.</param>
    /// <param name="failure">Makes errors.</param>
    /// <exception cref="CaffeException">
    /// CFA1005: there is no such file or it cannot be read; CFA1502: it is no BlobProto, or its number of values is not
    /// its shape's.
    /// </exception>
    public static float[] ReadValues(string what, string path, FailureFactory failure)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            BlobProto proto = BlobProto.Parser.ParseFrom(file);
            float[] values = proto.DoubleData.Count > 0
                ? [.. proto.DoubleData.Select(value => (float)value)]
                : [.. proto.Data];
            if (!Fits(proto, values.Length))
            {
                throw failure(ErrorCodes.BadRecord,
                    $"{what} '{path}' is damaged: it holds {values.Length} values, which is not what its shape asks "
                    + "for", FailureKind.Data);
            }

            return values;
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw failure(ErrorCodes.BadRecord,
                $"{what} '{path}' is no binary BlobProto: {exception.Message}", FailureKind.Data);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw failure(ErrorCodes.FileNotFound, $"{what} '{path}' cannot be read: {exception.Message}");
        }
    }

    // Whether the dimensions, of whatever size the file says, multiply up to the number of values.
    private static bool Fits(BlobProto proto, int values)
    {
        long[] shape = proto.HasNum || proto.HasChannels || proto.HasHeight || proto.HasWidth
            ? [proto.Num, proto.Channels, proto.Height, proto.Width]
            : proto.Shape is null ? [values] : [.. proto.Shape.Dim];
        Int128 count = 1;
        foreach (long length in shape)
        {
            count *= length;
            if (length < 0 || count > int.MaxValue)
                return false;
        }

        return count == values;
    }
}

// Small kernel objects of one size, carved from frames and kept on a free list.
namespace Xenolith.Kernel.Memory;

internal unsafe struct ObjectPool
{
    private void* firstFree;

    /// <summary>
    /// An object of <paramref name="size"/> bytes (at least 8, the same at every call); its content is undefined. Null when there is no memory.
    /// </summary>
    internal void* Take(uint size)
    {
        if (firstFree == null)
        {
            if (!Commit.TryChargeNodes())
                return null;
            ulong frame = Frames.Allocate(0);
            if (frame == 0)
            {
                Commit.Uncharge(1);
                return null;
            }
            byte* page = (byte*)(Layout.DirectMap + frame);
            for (uint offset = 0; offset + size <= Layout.PageSize; offset += size)
                Return(page + offset);
        }
        void* item = firstFree;
        firstFree = *(void**)item;
        return item;
    }

    internal void Return(void* item)
    {
        *(void**)item = firstFree;
        firstFree = item;
    }
}
